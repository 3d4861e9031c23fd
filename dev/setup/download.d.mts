export function download(
  url: string,
  maxBytes: number,
  say: (line: string) => void,
): Promise<Buffer>
