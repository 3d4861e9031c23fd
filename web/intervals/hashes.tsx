import type { JSX } from 'preact'
import type { Interval } from '../api-types.js'
import { Hash } from '../parts/hotkey.js'
import { Section } from '../parts/section.js'

/** What binds the verifier: its commitment beforehand, its signature afterwards. */
export function Hashes({
  interval,
  how,
}: {
  interval: Interval
  /** How the record is checked; nothing where that stands beside it. */
  how?: JSX.Element
}): JSX.Element | null {
  const { commitment, record, first_block_hash: blockHash } = interval
  if (commitment === null && record === null && blockHash === null) return null
  return (
    <Section title="What binds the verifier">
      <dl class="hashes">
        {commitment !== null && (
          <>
            <Hash name="Commitment: sha256 of its secret" value={commitment.secret_sha256} />
            <Hash name="Signature of the commitment" value={commitment.signature} />
          </>
        )}
        {blockHash !== null && <Hash name="Hash of its first finalized block" value={blockHash} />}
        {record !== null && (
          <>
            <Hash name="Record: sha256" value={record.hash} />
            {record.signature !== null && (
              <Hash name="Signature of the record" value={record.signature} />
            )}
            {record.previous_hash !== null && (
              <Hash name="Record before" value={record.previous_hash} />
            )}
          </>
        )}
      </dl>
      <p class="muted small note">
        Everything it drew follows from the secret and the block’s hash: neither side could choose.
        {record?.public === true ? (
          <>
            {' '}
            <a href={`/v1/network/intervals/${interval.n}/record`}>Read the record</a>: it holds the
            secret, the draws and the verdicts.
            {how}
          </>
        ) : (
          record !== null &&
          (record.expired
            ? ' The record itself was public and is no longer stored: whoever has it can check it against these.'
            : ' The record itself can be read once its weights are out.')
        )}
      </p>
    </Section>
  )
}
