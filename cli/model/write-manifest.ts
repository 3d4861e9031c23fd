import { writeFile } from 'node:fs/promises'
import { readModel } from '../../engine/model/model.js'
import { printLine } from '../output.js'
import { manifestOf } from './manifest.js'

/** Writes the manifest of a folder beside it, to be published with it. @throws EngineError those of reading */
export async function writeManifest(folder: string, out: string): Promise<void> {
  const { files } = await readModel(folder)
  await writeFile(out, `${JSON.stringify(manifestOf(files), null, 2)}\n`)
  printLine(`root      ${files.root}`)
  printLine(`manifest  ${out}`)
}
