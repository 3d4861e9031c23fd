import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chown, mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { FractalError, messageOf } from '../../base/errors.js'
import type { Log } from '../../base/log.js'
import type { PostgresHome } from './home.js'

const run = promisify(execFile)

export interface ClusterOptions {
  /** The cluster's own folder; as root, the data in it is a link. */
  readonly dataDir: string
  readonly superuser: string
  /** Where the superuser's password stands; written with the cluster. */
  readonly passwordFile: string
  /** Of the data folder, by name, with their contents: put there before the first start. */
  readonly files: Readonly<Record<string, string>>
  readonly log: Log
}

/**
 * Makes the cluster (scram, a random password for its superuser) when there is none.
 * @returns the superuser's password
 * @throws FractalError `postgres_failed`, `postgres_other_version`
 */
export async function ensureCluster(home: PostgresHome, options: ClusterOptions): Promise<string> {
  const { dataDir, passwordFile, log } = options
  const password = await readFile(passwordFile, 'utf8').catch(() => null)
  if (password !== null && existsSync(home.data)) {
    await assertSameMajor(home)
    return password.trim()
  }
  // Data without its password is what somebody left by removing .fractal: nothing can open it.
  await rm(home.data, { recursive: true, force: true })
  const fresh = randomBytes(24).toString('hex')
  await initdb(home, options, fresh)
  if (home.user !== null) {
    await rm(join(dataDir, 'data'), { force: true })
    await symlink(home.data, join(dataDir, 'data'))
  }
  await writeFile(passwordFile, `${fresh}\n`, { mode: 0o600 })
  log.info({ dataDir: home.data }, 'made a Postgres cluster')
  return fresh
}

async function assertSameMajor(home: PostgresHome): Promise<void> {
  const { stdout } = await run(join(home.native, 'bin/postgres'), ['--version'], {
    env: serverEnv(),
    cwd: home.native,
  })
  const program = /(\d+)\./.exec(stdout)?.[1]
  const data = (await readFile(join(home.data, 'PG_VERSION'), 'utf8')).trim()
  if (program !== data) {
    throw new FractalError(
      'postgres_other_version',
      `The data in ${home.data} is of PostgreSQL ${data}, the program is ${program}.`,
      {
        hint: 'Start over with --fresh, or bring the data over with pg_dump of the older version.',
      },
    )
  }
}

/** Builds the cluster beside its place and renames it, so that an interrupted start leaves no half. */
async function initdb(
  { native, data, user }: PostgresHome,
  { superuser, files }: ClusterOptions,
  password: string,
): Promise<void> {
  const building = join(dirname(data), `initdb-${process.pid}`)
  const put = async (path: string, text: string) => {
    await writeFile(path, text, { mode: 0o600 })
    if (user !== null) await chown(path, user.uid, user.gid)
  }
  try {
    await mkdir(building, { mode: 0o700 })
    if (user !== null) await chown(building, user.uid, user.gid)
    await put(join(building, 'password'), password)
    await run(
      join(native, 'bin/initdb'),
      [
        `--pgdata=${join(building, 'data')}`,
        `--username=${superuser}`,
        `--pwfile=${join(building, 'password')}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        '--locale=C',
        '--no-sync',
      ],
      { env: serverEnv(), cwd: building, ...user },
    )
    for (const [name, text] of Object.entries(files)) await put(join(building, 'data', name), text)
    await rename(join(building, 'data'), data)
  } catch (error) {
    throw new FractalError(
      'postgres_failed',
      `A Postgres cluster cannot be made: ${messageOf(error)}`,
      {
        hint: 'Set DATABASE_URL to use a PostgreSQL of your own.',
        cause: error,
      },
    )
  } finally {
    await rm(building, { recursive: true, force: true })
  }
}

/** Nothing of the caller's PG* variables; one locale and time zone, so that logs read the same. */
export function serverEnv(): Record<string, string | undefined> {
  const { PATH, LD_LIBRARY_PATH } = process.env
  return { PATH, LC_ALL: 'C', TZ: 'UTC', ...(LD_LIBRARY_PATH ? { LD_LIBRARY_PATH } : {}) }
}
