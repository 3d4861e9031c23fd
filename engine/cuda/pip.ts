import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { FractalError } from '../../base/errors.js'
import type { CudaPackage } from './packages.js'

const PIPS = [['python3', '-m', 'pip'], ['pip3'], ['pip'], ['python', '-m', 'pip']] as const
/** cuDNN has 700 MB. */
const PIP_MS = 30 * 60_000
/** Of the Pythons that wheels are built for, one: what is used of them is no Python. */
const PYTHON = [
  '--python-version',
  '3.12',
  '--implementation',
  'cp',
  '--abi',
  'cp312',
  '--abi',
  'none',
]
const PLATFORMS = ['manylinux_2_28', 'manylinux_2_27', 'manylinux_2_17', 'manylinux2014'].flatMap(
  (name) => ['--platform', `${name}_x86_64`],
)

/**
 * Unpacks a wheel into a folder, by whichever pip is there and from where that is set up to fetch from; only the
 * pinned one, by its sum.
 * @throws FractalError `pip_missing`, `download_failed`
 */
export async function installWheel(
  { name, version, sha256 }: Pick<CudaPackage, 'name' | 'version' | 'sha256'>,
  folder: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const temporary = await mkdtemp(path.join(tmpdir(), 'fractal-pip-'))
  try {
    const pinned = path.join(temporary, 'requirements.txt')
    await writeFile(pinned, `${name}==${version} --hash=sha256:${sha256}\n`)
    const args = [
      ...['install', '--target', folder, '--no-deps', '--require-hashes', '--requirement', pinned],
      ...['--only-binary=:all:', ...PLATFORMS, ...PYTHON],
      // No cache of pip's own: what is fetched is kept, and has a gigabyte.
      ...['--no-input', '--quiet', '--disable-pip-version-check', '--no-cache-dir', '--no-compile'],
    ]
    await runPip(args, env)
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
}

async function runPip(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  for (const [command, ...first] of PIPS) {
    try {
      await promisify(execFile)(command, [...first, ...args], { env, timeout: PIP_MS })
      return
    } catch (cause) {
      const { code, stderr = '', message } = cause as NodeJS.ErrnoException & { stderr?: string }
      const isMissing = code === 'ENOENT' || /No module named pip/.test(stderr)
      if (isMissing) continue
      const words = stderr.trim().split('\n').slice(-3).join(' ') || message
      throw new FractalError('download_failed', `pip could not fetch it: ${words}`, {
        hint: 'Look at the network, the free disk and pip’s settings (pip config list), then run it again.',
        cause,
      })
    }
  }
  throw new FractalError(
    'pip_missing',
    'There is no pip, by which NVIDIA’s libraries are fetched.',
    {
      hint: 'Install it: apt install python3-pip',
    },
  )
}
