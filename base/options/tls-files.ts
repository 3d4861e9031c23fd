import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import { FractalError, messageOf } from '../errors.js'

/** The PEM contents for a TLS connection; undefined if not given. */
export interface TlsFiles {
  readonly ca: string | undefined
  readonly cert: string | undefined
  readonly key: string | undefined
}

/**
 * Reads the files that `{prefix}_ca`, `_cert` and `_key` name, and tries them: an unusable file is reported
 * at startup, not by the first connection.
 * @param prefix of the options, e.g. `database.tls`
 * @throws FractalError `bad_option`
 */
export function readTlsFiles(
  prefix: string,
  paths: { ca: string | undefined; cert: string | undefined; key: string | undefined },
): TlsFiles {
  if ((paths.cert === undefined) !== (paths.key === undefined)) {
    const [there, missing] = paths.cert === undefined ? ['key', 'cert'] : ['cert', 'key']
    throw new FractalError('bad_option', `--${prefix}_${there} needs --${prefix}_${missing}`, {
      hint: 'A client certificate requires both files.',
    })
  }
  const read = (part: keyof TlsFiles) => readPem(`--${prefix}_${part}`, paths[part])
  const files = { ca: read('ca'), cert: read('cert'), key: read('key') }
  // A file without a certificate would be silently ignored.
  if (files.ca !== undefined && !files.ca.includes('-----BEGIN CERTIFICATE-----')) {
    throw unusable(`--${prefix}_ca`, paths.ca!, 'it contains no certificate')
  }
  try {
    createSecureContext(files)
  } catch (error) {
    const part = paths.cert === undefined ? 'ca' : 'cert'
    throw unusable(`--${prefix}_${part}`, paths[part]!, messageOf(error))
  }
  return files
}

function readPem(option: string, path: string | undefined): string | undefined {
  if (path === undefined) return undefined
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw unusable(option, path, (error as NodeJS.ErrnoException).code ?? messageOf(error))
  }
}

function unusable(option: string, path: string, why: string): FractalError {
  return new FractalError('bad_option', `${option}: the file ${path} can't be used: ${why}`, {
    hint: 'It takes a PEM file (-----BEGIN …) that this user may read.',
  })
}
