import { randomInt } from 'node:crypto'
import { sr25519Ready, verifyText } from '../../base/sr25519.js'
import { answerText } from '../../formats/answer.js'
import { fromHex } from '../../formats/bytes.js'
import { commitmentText } from '../../formats/commitment.js'
import { recordText } from '../../formats/record.js'
import { sha256Hex } from '../../formats/sha256.js'
import type { Finding } from '../../rules/audit/finding.js'
import type { RecordedAnswer } from '../../rules/record/answer-columns.js'
import type { PublicRecord, RecordedCommitment } from '../../rules/record/public-record.js'
import { badRecord } from './read-record-text.js'
import type { SignedRecord } from './signed-record.js'

/** Of so many answers the provers' signatures are checked, drawn anew each time: one check takes 0.2 ms. */
const SAMPLE = 500

/** @throws FractalError `bad_record` for a record that its verifier has not signed: nothing in it is its word */
export async function assertSigned({ read, hash, signature }: SignedRecord): Promise<void> {
  await sr25519Ready()
  const { verifier } = read.record
  if (verifyText(verifier, recordText(hash), signature)) return
  throw badRecord(
    `is not signed by ${verifier}: it was changed, or another signed it`,
    'Fetch it again from the verifier’s API.',
  )
}

/**
 * The commitments of a record, the secret that the first one opens, and the answers' signatures.
 * @param all every answer's signature; else of cheats, and of some that are drawn
 */
export function checkSignatures({ read }: SignedRecord, all: boolean): Finding[] {
  const { record, answers } = read
  return [
    ...commitment(record, record.n, record.commitment, 'commitment'),
    ...commitment(record, record.n + 1, record.nextCommitment, 'next_commitment'),
    ...secret(record),
    ...looked(answers, all).flatMap((row) => answer(record, row)),
  ]
}

function commitment(
  { genesisHash, netuid, verifier }: PublicRecord,
  n: number,
  told: RecordedCommitment | null,
  where: string,
): Finding[] {
  if (told === null) return []
  const { secretSha256, signature } = told
  const text = commitmentText({ genesisHash, netuid, verifier, n, secretSha256 })
  return verifyText(verifier, text, signature)
    ? []
    : [{ where, what: 'is not signed by the verifier for this interval' }]
}

function secret({ secret, commitment }: PublicRecord): Finding[] {
  if (secret === null && commitment === null) return []
  if (secret === null || commitment === null) {
    return [{ where: 'secret', what: 'is told without its commitment, or not told at all' }]
  }
  const follows = sha256Hex(fromHex(secret))
  return follows === commitment.secretSha256
    ? []
    : [
        {
          where: 'secret',
          what: `is not the one that was committed to: its sha256 is ${follows}, not ${commitment.secretSha256}`,
        },
      ]
}

function looked(answers: readonly RecordedAnswer[], all: boolean): RecordedAnswer[] {
  const signed = answers.filter((row) => row.answer !== null)
  if (all || signed.length <= SAMPLE) return signed
  const cheats = signed.filter(({ checks }) => checks.some(({ verdict }) => verdict === 'cheat'))
  const drawn = Array.from({ length: SAMPLE }, () => signed[randomInt(signed.length)]!)
  return [...new Set([...cheats, ...drawn])]
}

function answer({ genesisHash, netuid, verifier }: PublicRecord, row: RecordedAnswer): Finding[] {
  const { hotkey: prover, bodySha256, requestId } = row
  const { signature, ...signed } = row.answer!
  const text = answerText({ genesisHash, netuid, verifier, prover, bodySha256, ...signed })
  return verifyText(prover, text, signature)
    ? []
    : [{ where: `answers ${requestId}`, what: `is not signed by its prover ${prover}` }]
}
