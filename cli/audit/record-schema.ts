import { z } from 'zod'
import { isDigestHex } from '../../formats/bytes.js'
import { isRequestId } from '../../formats/request-id.js'
import { MISSED_CAUSES, type MissedCause } from '../../rules/explain/missed-causes.js'
import type { Coded } from '../../rules/record/columns.js'
import {
  type PublicRecord,
  RECORD_VERSION,
  type RecordVersion,
} from '../../rules/record/public-record.js'
import { TIERS } from '../../rules/tiers.js'
import { REASONS, type Reason, VERDICTS } from '../../rules/verdicts.js'
import { list, wholes } from './schema-lists.js'

const whole = z.int().min(0)
const number = z.int().min(1).max(2_147_483_647)
const digest = z.string().refine(isDigestHex, 'expected 64 hex digits')
const hash = z.string().regex(/^(0x)?[0-9a-f]{64}$/, 'expected the hash of a block')
const signature = z.string().regex(/^0x[0-9a-f]{128}$/, 'expected a signature')
const hotkey = z.string().regex(/^[1-9A-HJ-NP-Za-km-z]{46,48}$/, 'expected an ss58 address')
const requestId = z.string().refine(isRequestId, 'expected a UUID')
const text = z.string().max(200_000)
const name = z.string().max(2_000)
const flag = z.boolean()
const tier = z.enum(TIERS)
const ppm = z.int()
const reason = z.custom<Reason>(
  (value) => typeof value === 'string' && Object.hasOwn(REASONS, value),
  'is no reason that there is',
)
const cause = z.custom<MissedCause>(
  (value) => typeof value === 'string' && Object.hasOwn(MISSED_CAUSES, value),
  'is no cause that there is',
)
const proverKey = { hotkey, registeredBlock: whole }
const workShape = { steps: number, frames: number, width: number, height: number }
const videoShape = { ...workShape, guidanceMilli: whole, fps: number }
const requestKind = z.enum(['challenge', 'inference', 'wide'])
const checkKind = z.enum(['answer', 'challenge', 'audit', 'spotcheck'])
const outcome = z.enum(['success', 'failure', 'neutral', 'refused'])

function coded<T>(value: z.ZodType<T>): z.ZodType<Coded<T>> {
  return z.strictObject({ values: list(value), of: wholes })
}

const check = { kind: checkKind, verdict: z.enum(VERDICTS), reason, rewardPpm: ppm.nullable() }
const commitment = z.strictObject({ secretSha256: digest, signature })

const profile = z.strictObject({
  name: z.enum(['production', 'demo', 'test']),
  intervalBlocks: number,
  sampleSize: whole,
  rounds: z.strictObject({ max: whole }),
  tierMinimums: z.record(tier, whole),
  certificateRuns: whole,
  movingAverageAlphaPpm: z.int().min(0).max(1_000_000),
  tiersRule: z.enum(['literal', 'evidence']),
  audits: z.strictObject({ max: whole }),
  vpermitLimitRao: z.string().regex(/^\d{1,30}$/),
  deadlineFloorMs: whole,
})

const answers = z.strictObject({
  count: whole,
  requestIds: z.string(),
  bodySha256: z.string(),
  prover: wholes,
  kind: coded(requestKind),
  outcome: coded(outcome.nullable()),
  reason: coded(reason.nullable()),
  counted: coded(flag),
  key: coded(whole.nullable()),
  gpus: coded(number.nullable()),
  inFlight: coded(whole.nullable()),
  shape: coded(z.strictObject(workShape).nullable()),
  wide: coded(z.strictObject({ n: number, round: whole }).nullable()),
  checks: coded(list(z.strictObject(check))),
  class: coded(z.strictObject({ determinismClass: name, modelRoot: digest }).nullable()),
  framesSha256: z.string(),
  traceRoot: z.string(),
  signature: z.string(),
  taken: list(z.strictObject({ answer: whole, requestIds: list(requestId) })),
  promptSha256: list(z.strictObject({ answer: whole, sha256: digest })),
})

const plan = z.strictObject({
  model: z.strictObject({ name, ...videoShape }),
  recentRequests: list(z.strictObject({ ...videoShape, negativePrompt: flag, cancelled: flag })),
  prompts: list(text),
  reusablePrompts: list(
    z.strictObject({ promptSha256: digest, negativePrompt: flag, servedBy: list(hotkey) }),
  ),
  provers: list(
    z.strictObject({ ...proverKey, lastFullCheckN: number.nullable(), hasAddress: flag }),
  ),
  gpuUsPerWork: whole.nullable(),
  gpuColdUs: whole,
  budget: z.strictObject({ usPerVideo: whole, gpus: whole, blockMs: whole }),
  spotChecks: z.strictObject({
    budgetUs: whole.nullable(),
    costUs: whole.nullable(),
    usPerPixel: whole.nullable(),
    pixels: whole.nullable(),
    spentUs: whole,
  }),
})

const shareCounts = {
  wideRounds: whole,
  wideGpus: whole,
  newestWideGpus: number.nullable(),
  wideSlots: whole,
  wideKept: whole,
  offered: whole,
  accepted: whole,
}

const settledProver = z.strictObject({
  ...proverKey,
  uid: whole,
  tierBefore: tier,
  tierAfter: tier,
  move: z
    .strictObject({
      from: tier,
      to: tier,
      reason: z.enum(['promoted', 'fast_return', 'cheat', 'rate_missed', 'downtime']),
    })
    .nullable(),
  requestAttempts: whole,
  requestSuccesses: whole,
  checksJudged: whole,
  checksPassed: whole,
  cheats: whole,
  totalBefore: whole,
  totalAfter: whole,
  meanRewardPpm: ppm.nullable(),
  observationPpm: ppm.nullable(),
  ...shareCounts,
  wideSharePpm: whole,
  offerSharePpm: whole,
  capacityPpm: whole,
  paidCapacityPpm: whole,
  scoreBefore: whole,
  scoreAfter: whole,
  validationsSinceMove: whole,
  fastReturn: flag,
})

const certificate = z.strictObject({
  determinismClass: name,
  exact: flag,
  runs: whole,
  processes: whole,
  usPerWork: whole,
  coldUs: whole.nullable(),
  spotCheckUsPerPixel: whole.nullable(),
  stepDeviation: whole.nullable(),
  frameDeviation: whole.nullable(),
  profile: name,
})

const record = z.strictObject({
  version: z.literal(RECORD_VERSION),
  genesisHash: digest,
  netuid: whole,
  verifier: hotkey,
  n: number,
  firstBlock: whole,
  length: number,
  firstBlockHash: digest.nullable(),
  openedAfter: number.nullable(),
  previous: z.strictObject({ n: number, hash: digest }).nullable(),
  missed: list(z.strictObject({ n: number, because: cause.nullable() })),
  outcome: z.enum(['settled', 'lapsed']),
  profile: profile.nullable(),
  modelRoot: digest,
  secret: digest.nullable(),
  commitment: commitment.nullable(),
  nextCommitment: commitment.nullable(),
  certificates: list(certificate),
  opening: list(
    z.strictObject({
      ...proverKey,
      uid: whole,
      coldkey: hotkey,
      tier,
      totalSuccesses: whole,
      scorePpm: whole,
      determinismClass: name.nullable(),
      modelRoot: digest.nullable(),
      capacity: whole.nullable(),
      hasAddress: flag,
      reachable: flag,
    }),
  ),
  plan: plan.nullable(),
  rounds: list(
    z.strictObject({
      kind: z.enum(['challenge', 'wide']),
      round: whole,
      momentMs: whole,
      begun: whole.nullable(),
      busy: list(hotkey),
    }),
  ),
  challenges: list(
    z.strictObject({
      ...proverKey,
      requestId,
      round: whole,
      k: whole,
      deadlineMs: whole,
      bodySha256: digest,
      body: text.nullable(),
      promptSha256: digest.nullable(),
    }),
  ),
  wideRounds: list(
    z.strictObject({
      round: whole,
      provers: list(z.strictObject({ prover: whole, gpus: number, inFlight: list(requestId) })),
    }),
  ),
  audits: z
    .strictObject({
      drawn: list(requestId),
      max: whole,
      openingRefused: list(requestId),
    })
    .nullable(),
  provers: list(z.strictObject(proverKey)),
  answers,
  otherChecks: list(
    z.strictObject({ ...check, requestId, requestKind, counted: flag, prover: whole }),
  ),
  evidence: list(z.strictObject({ requestId, kind: checkKind, sha256: digest })),
  standings: z
    .array(
      z.strictObject({
        ...proverKey,
        uid: whole,
        tier,
        totalSuccesses: whole,
        scorePpm: whole,
        validationsSinceMove: whole,
        fastReturn: flag,
        hasAddress: flag,
      }),
    )
    .nullable(),
  dueWideRounds: z
    .array(
      z.strictObject({
        n: number,
        round: whole,
        prover: whole,
        gpus: number,
        requests: list(
          z.strictObject({
            requestId,
            ofRound: flag,
            lost: flag,
            elsewhere: z
              .strictObject({
                kind: requestKind,
                counted: flag,
                outcome,
                gpus: number.nullable(),
                inFlight: whole.nullable(),
                taken: list(requestId).nullable(),
              })
              .nullable(),
          }),
        ),
      }),
    )
    .nullable(),
  window: z
    .array(
      z.strictObject({
        n: number,
        counts: list(z.strictObject({ ...shareCounts, prover: whole })),
      }),
    )
    .nullable(),
  certifiedUsPerWork: whole.nullable(),
  standardWork: number.nullable(),
  settlement: z
    .strictObject({
      n: number,
      provers: list(settledProver),
      cheatingHotkeys: list(hotkey),
    })
    .nullable(),
  weights: z
    .strictObject({
      kind: name,
      reason: name.nullable(),
      block: z.strictObject({ number: whole, hash }),
      neurons: list(hotkey),
      ownUid: whole.nullable(),
      minAllowed: whole,
      maxWeightLimit: whole,
      uids: wholes,
      values: wholes,
    })
    .nullable(),
})

const NO_MEMBER = 'is no member of this version'

/** A record of each version as `camelNames` reads it: every member that it has, and no other. */
export const RECORD_SCHEMAS: Readonly<Record<RecordVersion, z.ZodType<PublicRecord>>> = {
  [RECORD_VERSION]: record,
  'fractal-record/3': record.extend({ version: z.literal('fractal-record/3') }),
  'fractal-record/2': record.extend({
    version: z.literal('fractal-record/2'),
    certificates: list(
      certificate.extend({
        coldUs: z.custom<number | null>(() => false, NO_MEMBER).default(null),
      }),
    ),
    plan: plan
      .extend({ gpuColdUs: z.custom<number>(() => false, NO_MEMBER).default(0) })
      .nullable(),
  }),
}
