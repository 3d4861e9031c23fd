import { type Act, type Behaviour, behaviour, FAKE, REFUSE, SERVE } from './behaviour.js'

const STALL: Act = { do: 'stall' }
const HOLD: Act = { do: 'hold' }

/** Work of which `broken` of 25 steps are missing or wrong, in a share of the time. */
const cheap = (time: number, broken: number): Act => ({ do: 'serve', time, broken })

const sharing = (['refuse', 'silent', 'late'] as const).flatMap((beyond) =>
  [2, 3, 8].map((hotkeys) =>
    behaviour(`${hotkeys} hotkeys, 1 GPU, ${beyond === 'refuse' ? 'refusing' : beyond}`, {
      hotkeys,
      beyond,
    }),
  ),
)

/** Those who do what they are asked, as well as they can. */
const honest = [
  behaviour('flaky 0.5 %', { flaky: 0.005 }),
  behaviour('flaky 2 %', { flaky: 0.02 }),
  behaviour('off 1 interval in 20', { offEvery: 20 }),
  behaviour('slow 5 %', { slowness: 1.05 }),
  behaviour('slow 20 %', { slowness: 1.2 }),
  behaviour('front of 4 GPUs', { gpus: 4, declares: 4, isHonestFront: true }),
]

/** Those who want more than their GPUs earn, without a false answer. */
const greedy = [
  ...sharing,
  behaviour('pool: 16 hotkeys, 4 GPUs', { hotkeys: 16, gpus: 4 }),
  behaviour('farm, refuses half of the users', {
    hotkeys: 2,
    act: ({ isWide }, _, random) => (!isWide && random.next() < 0.49 ? REFUSE : SERVE),
  }),
  behaviour('farm, takes only wide requests', {
    hotkeys: 2,
    act: ({ isWide }) => (isWide ? SERVE : REFUSE),
  }),
  behaviour('farm behind a friend’s requests', {
    hotkeys: 2,
    isShielded: true,
    act: ({ isFriends }) => (isFriends ? HOLD : SERVE),
  }),
  behaviour('3 hotkeys, 1 GPU 20 % faster', { hotkeys: 3, slowness: 1 / 1.2 }),
  behaviour('says 4 GPUs, has 1', { declares: 4 }),
  behaviour('says 1 GPU, has 4', { gpus: 4 }),
  behaviour('takes only when empty', { act: (_, { inFlight }) => (inFlight > 0 ? REFUSE : SERVE) }),
  behaviour('refuses 40 %', { act: (_, __, random) => (random.next() < 0.4 ? REFUSE : SERVE) }),
  behaviour('stalls 10 % of the users', {
    act: ({ isWide }, _, random) => (!isWide && random.next() < 0.1 ? STALL : SERVE),
  }),
  behaviour('relay to one that serves strangers', { relays: 'open' }),
  behaviour('relay to one that asks for permits', { relays: 'permit' }),
  behaviour('shows old `taken`', { hotkeys: 2, showsOldTaken: true, verifiers: 2 }),
  behaviour('serves one verifier only', {
    verifiers: 2,
    act: ({ verifier }) => (verifier === 0 ? SERVE : REFUSE),
  }),
]

/** Those whose answers are false, always or sometimes. */
const cheats = [
  behaviour('fakes all', { act: () => FAKE }),
  behaviour('fakes 10 %', { act: (_, __, random) => (random.next() < 0.1 ? FAKE : SERVE) }),
  behaviour('fakes 1 %', { act: (_, __, random) => (random.next() < 0.01 ? FAKE : SERVE) }),
  behaviour('fakes after an opening', {
    act: ({ n }, { openedIn }) => (openedIn === n ? FAKE : SERVE),
  }),
  behaviour('fakes uncounted only', { act: ({ counted }) => (counted ? SERVE : FAKE) }),
  behaviour('fakes all but wide', { act: ({ isWide }) => (isWide ? SERVE : FAKE) }),
  behaviour('fakes, refuses openings', { refusesOpenings: true, act: () => FAKE }),
  behaviour('fakes, signs a class of its own', { ownClass: true, act: () => FAKE }),
  behaviour('skips 1 of 25 steps', { act: () => cheap(0.96, 1) }),
  behaviour('skips 5 of 25 steps', { act: () => cheap(0.8, 5) }),
  behaviour('half precision', { act: () => cheap(0.6, 25) }),
  behaviour('another model', { act: () => cheap(0.3, 25) }),
  behaviour('cached', { act: () => cheap(0.01, 25) }),
  behaviour('cheats towards one verifier', {
    verifiers: 2,
    act: ({ verifier }) => (verifier === 0 ? FAKE : SERVE),
  }),
  behaviour('cheats on uncommon prompts', {
    act: ({ isUncommon }) => (isUncommon ? FAKE : SERVE),
  }),
]

export const HONEST_BEHAVIOUR = behaviour('honest')

/** All but the plainly honest one, whom the others are compared with. */
export const BEHAVIOURS: readonly Behaviour[] = [...honest, ...greedy, ...cheats]
