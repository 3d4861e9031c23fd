export function readZipEntry(
  zip: Buffer,
  matches: (name: string) => boolean,
  maxBytes: number,
): Buffer | null
export function readTarGzEntry(archive: Buffer, baseName: string, maxBytes: number): Buffer | null
