// Tools of this test are links to another folder, where Turbopack doesn't look by itself.
const config = { turbopack: { root: "/" } };

export default config;
