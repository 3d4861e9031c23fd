import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const SCRIPT = fileURLToPath(new URL('../../../tools/audit.py', import.meta.url))

export function hasPython(): boolean {
  return spawnSync('python3', ['--version']).status === 0
}

/** What the independent program says of these files. */
export function pythonAudit(files: readonly string[]) {
  const {
    status: code,
    stdout,
    stderr,
  } = spawnSync('python3', [SCRIPT, ...files], {
    encoding: 'utf8',
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
  })
  return { code, stdout, stderr }
}
