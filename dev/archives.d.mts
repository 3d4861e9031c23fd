export function readZipEntry(zip: Buffer, matches: (name: string) => boolean): Buffer | null
export function readTarGzEntry(archive: Buffer, baseName: string): Buffer | null
