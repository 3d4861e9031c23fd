import { findCudaLibraries } from '../../engine/cuda/find-libraries.js'
import { installCuda, type WhichLibraries } from '../../engine/cuda/install.js'
import { printLine } from '../output.js'

/** Installs what a GPU needs, and says what this process would load now. @throws FractalError */
export async function installCudaHere(libraries: WhichLibraries): Promise<void> {
  const say = (line: string) => process.stderr.write(`${line}\n`)
  const put = await installCuda({ libraries, env: process.env, say })
  const lines = put.map(({ what, name, version }) => `installed  ${what}: ${name} ${version}`)
  printLine(lines.length === 0 ? 'Everything was there already.' : lines.join('\n'))
  for (const { needed, found } of await findCudaLibraries()) {
    for (const { library, path, version } of found) {
      printLine(
        `${needed.what.padEnd(10)} ${library}${version === null ? '' : ` ${version}`}  ${path}`,
      )
    }
  }
}
