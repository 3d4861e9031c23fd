import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { FractalError } from '../../base/errors.js'
import type { CudaPackage } from './packages.js'

const PIPS = [['python3', '-m', 'pip'], ['pip3'], ['pip'], ['python', '-m', 'pip']] as const
/** Long, because cuDNN is 700 MB. */
const PIP_MS = 30 * 60_000
/** Any Python that wheels are built for: only native libraries are used from them. */
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
 * Unpacks a wheel into a folder, using the available pip and its configured index; only the pinned wheel,
 * verified by its hash.
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
      // Without pip's cache: we keep what is downloaded, which is a gigabyte.
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
        hint: 'Check the network, the free disk space and pip’s settings (pip config list), then run it again.',
        cause,
      })
    }
  }
  throw new FractalError(
    'pip_missing',
    'pip, which downloads NVIDIA’s libraries, is not installed.',
    {
      hint: 'Install it: apt install python3-pip',
    },
  )
}
