import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const run = promisify(execFile)

/**
 * Runs a program of Node in a folder that has just these files and our packages.
 * @returns its exit code, and what it said
 */
export async function runPlanted(
  files: Record<string, string>,
  program: readonly [script: string, ...args: string[]],
): Promise<{ code: number; output: string }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'fractal-planted-'))
  try {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(path.dirname(path.join(folder, name)), { recursive: true })
      await writeFile(path.join(folder, name), text)
    }
    await symlink(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'))
    const { stdout, stderr } = await run(process.execPath, [...program], { cwd: folder })
    return { code: 0, output: stdout + stderr }
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string }
    return { code, output: stdout + stderr }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
