const units = ["B", "KB", "MB", "GB", "TB"];

/** `1234567` as `1.2 MB`. */
export function bytesText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  const digits = unit === 0 || value >= 99.5 ? 0 : 1;
  return `${value.toFixed(digits)} ${units[unit]}`;
}

/** `12.3456` as `12 ms`, `0.21` as `0.2 ms`, `1234` as `1.2 s`. */
export function millisecondsText(ms: number): string {
  if (ms >= 999.5) return `${(ms / 1000).toFixed(1)} s`;
  return `${ms >= 9.95 ? ms.toFixed(0) : ms.toFixed(1)} ms`;
}

/** `1 file`, `2 files`, `1,234 files`. */
export function countText(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en-GB")} ${count === 1 ? one : many}`;
}

/** A time to wait as `4 s`, `1:05 min`, `2:03 h`. */
export function durationText(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${twoDigits(seconds % 60)} min`;
  return `${Math.floor(minutes / 60)}:${twoDigits(minutes % 60)} h`;
}

function twoDigits(number: number): string {
  return String(number).padStart(2, "0");
}
