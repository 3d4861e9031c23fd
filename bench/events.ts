/**
 * How many events an interval leaves in Temporal's history: the workflow as it is, on Temporal's own server, with activities
 * that do nothing. How many rounds and batches of spot checks there are follows from the rules, for a full subnet in
 * production. Run: npm run bench -- events
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { heartbeat } from '@temporalio/activity'
import { Worker } from '@temporalio/worker'
import { MOST_BATCHES } from '../activities/judging/fetch-openings.js'
import { createLog } from '../base/log.js'
import { TEMPORAL_OPTIONS } from '../base/options/groups.js'
import { resolveOptions } from '../base/options/options.js'
import { sha256 } from '../formats/sha256.js'
import { SPOT_CHECK_BATCH } from '../rules/constants.js'
import { gpuBudget } from '../rules/plan/gpu-budget.js'
import { planInterval } from '../rules/plan/plan.js'
import { PRODUCTION_PROFILE } from '../rules/profile.js'
import { connectTemporal } from '../temporal/connection.js'
import { registerSearchAttributes } from '../temporal/register-search-attributes.js'
import { workflowBundle } from '../temporal/workflow-bundle.js'
import type { verifyInterval } from '../workflows/verify-interval.js'
import { report } from './support/figures.js'
import { startStores } from './support/start-stores.js'
import { VIDEO } from './support/stub-video.js'
import { benchOptions } from './support/whole-options.js'

benchOptions('events')
const PROVERS = 256
const ANSWERS = 44_032
const GOAL_EVENTS = 2000
/** A server ends a workflow whose history has more. */
const TEMPORAL_LIMIT = 51_200
const QUEUE = 'bench'
/** What happens at once is one event less or two: in an interval of 72 minutes nothing does. */
const APART_MS = 300
/** A spot check's part of a video's time. */
const SPOT_CHECK_SHARE = 0.08

interface Load {
  readonly rounds: number
  readonly batches: number
}

const log = createLog('bench', 'error')
const held: (() => Promise<unknown>)[] = []
try {
  const { temporalAddress } = await startStores(held, log)
  const given = { 'temporal.address': temporalAddress }
  const link = await connectTemporal(resolveOptions(TEMPORAL_OPTIONS, given, {}), log)
  held.push(() => link.close())
  await registerSearchAttributes(link.client, link.namespace)
  const bundle = await workflowBundle(log)
  for (const [what, load, goal] of [
    ['videos of 25 s', loadOf(25_000_000, 1), GOAL_EVENTS],
    ['the most there can be', loadOf(100_000, 8), null],
  ] as const) {
    const events = await interval(load)
    const name = `an interval of ${PROVERS} provers, ${what} (${load.rounds} rounds, ${load.batches} batches)`
    report(`${name}: events`, events, 'events', {
      beside: ['what Temporal ends a workflow at', TEMPORAL_LIMIT],
      ...(goal === null ? {} : { goal: { of: 'figure', most: goal } }),
    })
  }

  async function interval(load: Load): Promise<number> {
    const worker = await Worker.create({
      connection: link.worker,
      namespace: link.namespace,
      taskQueue: QUEUE,
      workflowBundle: bundle,
      activities: activities(load),
    })
    return worker.runUntil(async () => {
      const handle = await link.client.workflow.start<typeof verifyInterval>('verifyInterval', {
        workflowId: `interval-${randomUUID()}`,
        taskQueue: QUEUE,
        args: [
          {
            ...{ netuid: 1, verifier: 'bench', n: 1, firstBlock: 1, length: 360, setWeights: true },
            ...{ inferenceQueue: QUEUE, gpuQueue: QUEUE },
            ...{ ledgerPatienceSeconds: 90, auditPatienceSeconds: 600 },
          },
        ],
      })
      await handle.result()
      return (await handle.describe()).historyLength
    })
  }
} finally {
  for (const release of held.splice(0).reverse()) await release()
}

/** @param usPerVideo the model's standard video on one of so many GPUs */
function loadOf(usPerVideo: number, gpus: number): Load {
  const { name, ...shape } = { name: 'bench', guidanceMilli: 3000, fps: 8, ...VIDEO }
  const [length, budget] = [360, { usPerVideo, gpus, blockMs: 12_000 }]
  const source = { secret: sha256(new Uint8Array(1)), blockHash: sha256(new Uint8Array(2)) }
  const lists = { recentRequests: [], prompts: [], reusablePrompts: [] }
  const { rounds } = planInterval(
    {
      ...{ profile: PRODUCTION_PROFILE, n: 1, firstBlock: 1, length, budget },
      ...{ model: { name, ...shape }, ...lists },
    },
    source,
  )
  const { spotcheckUs } = gpuBudget({ ...budget, length })
  const checks = Math.min(ANSWERS, spotcheckUs / (SPOT_CHECK_SHARE * usPerVideo))
  const batches = Math.min(MOST_BATCHES, Math.ceil(checks / SPOT_CHECK_BATCH))
  return { rounds: rounds.length - 2, batches }
}

/** Those that `verifyInterval` calls. The last block is final once all batches were fetched. */
function activities({ rounds, batches }: Load): Record<string, (input: never) => Promise<unknown>> {
  let left = batches
  let end = () => {}
  const over = new Promise<void>((resolve) => {
    end = resolve
  })
  const none = async () => undefined
  return {
    openInterval: async () => ({
      ...{ final: null, provers: PROVERS, reachable: PROVERS },
      rounds: [
        ...Array.from({ length: rounds }, (_, round) => ({
          kind: 'challenge',
          round,
          dueInMs: APART_MS * round,
        })),
        ...[0, 1].map((round) => ({ kind: 'wide', round, dueInMs: APART_MS * (round + 0.5) })),
      ],
    }),
    awaitBlock: async () => {
      const beats = setInterval(() => heartbeat(), 1000)
      await over.finally(() => clearInterval(beats))
    },
    askRound: async () => ({ nextMoment: null }),
    askWide: async () => ({ provers: PROVERS, requests: 2 * PROVERS }),
    recompute: none,
    computeSpotChecks: async () => ({ computed: SPOT_CHECK_BATCH }),
    judge: async () => ({ pass: 32, cheat: 0, fail: 0, unproven: 0, abstained: 0 }),
    fetchOpenings: async ({ final }: { final: boolean }) => {
      if (final) return { waiting: 0, over: true }
      await sleep(APART_MS / 2)
      left -= 1
      if (left === 0) end()
      return { waiting: SPOT_CHECK_BATCH, over: left <= 0 }
    },
    closeInterval: async () => ({ count: 34 }),
    awaitTurn: none,
    settleInterval: async () => ({ phase: 'settled', line: '' }),
    setWeights: async () => ({ line: '' }),
    signRecord: none,
    noteFailure: none,
  }
}
