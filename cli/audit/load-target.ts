import { FractalError } from '../../base/errors.js'
import { askListed } from './follow/record-list.js'
import { isAddress, loadInterval, loadRecord } from './load-record.js'
import type { SignedRecord } from './signed-record.js'

/**
 * A record by what a person names it by: the number of an interval of `api`; an API, which is its newest record that
 * can be read; the address of a record; or a file.
 * @throws FractalError as `loadRecord`; `api_unreachable`
 */
export async function loadTarget(target: string, api: string): Promise<SignedRecord> {
  if (/^[1-9]\d{0,9}$/.test(target)) return loadInterval(api, Number(target))
  return isAddress(target) && isApi(target) ? newest(target) : loadRecord(target)
}

/** An address without a path. */
function isApi(target: string): boolean {
  return URL.canParse(target) && new URL(target).pathname === '/'
}

async function newest(api: string): Promise<SignedRecord> {
  const { records } = await askListed(api)
  const line = records.find((row) => row.public)
  if (line !== undefined) return loadInterval(api, line.n)
  throw new FractalError('record_not_public', `${api}: no record is public yet.`, {
    hint: 'The first one is once its weights are in the open on the chain and a later interval has settled.',
  })
}
