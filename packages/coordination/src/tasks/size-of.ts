/** About how many bytes of memory a plain value takes; no more than `mostBytes` are counted, and no deeper than is sent. */
export function sizeOf(value: unknown, mostBytes: number): number {
  const rest: unknown[] = [value];
  let bytes = 0;
  for (let each = rest.pop(); bytes <= mostBytes; each = rest.pop()) {
    bytes += 8;
    if (typeof each === "string") bytes += each.length * 2;
    else if (ArrayBuffer.isView(each)) bytes += each.byteLength;
    else if (Array.isArray(each)) for (const item of each) rest.push(item);
    else if (typeof each === "object" && each !== null)
      for (const key of Object.keys(each)) {
        bytes += 8 + key.length * 2;
        rest.push((each as Record<string, unknown>)[key]);
      }
    if (rest.length === 0) break;
  }
  return bytes;
}
