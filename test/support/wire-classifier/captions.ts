import type { SeededRandom } from '../../../dev/sim/random.js'

/*
 * What users of a classifier's test ask for: captions about anything, written for this and for nothing else. No
 * prompt of the project's own (the grammar of rules/plan/prompts.ts) is made from them.
 */

const WHO = [
  'an old fisherman',
  'two children in raincoats',
  'a barista with tattooed arms',
  'a flock of starlings',
  'a street violinist',
  'a golden retriever puppy',
  'an astronaut in a dusty suit',
  'a woman in a yellow dress',
  'three monks',
  'a herd of wild horses',
  'a robot made of scrap metal',
  'my grandmother',
  'a lone cyclist',
  'a tabby cat',
  'a humpback whale',
  'a glassblower',
  'a marching band',
  'a tiny hedgehog',
  'a firefighter',
  'a paper boat',
  'an elephant calf',
  'a chess player',
  'a ballet dancer',
  'a steam locomotive',
  'a family on bicycles',
  'a red fox',
  'a potter',
  'an octopus',
  'a surfer with long hair',
  'a delivery drone',
  'a queue of commuters',
  'a knight without a helmet',
  'a beekeeper',
  'a school of silver fish',
  'a skateboarder',
  'an owl with one eye closed',
  'a hot air balloon',
  'a chef',
  'a vintage convertible',
  'a snail on a wet leaf',
]

const DOES = [
  'waits for the last bus',
  'folds a letter very slowly',
  'runs through tall grass',
  'looks up and starts to laugh',
  'crosses a wooden bridge',
  'pours coffee into a chipped cup',
  'disappears into the fog',
  'argues about a map',
  'dives under a wave',
  'repairs a broken radio',
  'sleeps beside the window',
  'dances without music',
  'climbs the spiral stairs',
  'shares an umbrella',
  'leans against the railing',
  'throws bread to the pigeons',
  'turns around at the sound of thunder',
  'carries a ladder',
  'watches the snow fall',
  'blows out the candles',
  'slides down a dune',
  'opens an enormous door',
  'plays hide and seek',
  'paints a mural',
  'takes off its hat',
  'waves at the departing ferry',
  'sorts through old photographs',
  'drifts past the lighthouse',
  'peels an orange in one go',
  'falls off a chair',
]

const WHERE = [
  'in a crowded night market in Taipei',
  'on a cliff above the sea',
  'in an abandoned swimming pool',
  'along the canals of Amsterdam',
  'inside a greenhouse full of ferns',
  'at the edge of a frozen lake',
  'in a laundromat at three in the morning',
  'on the rooftop of a brutalist tower',
  'beneath cherry trees',
  'in the middle of a wheat field',
  'at a petrol station in the desert',
  'in a library with green lamps',
  'on a subway platform',
  'behind a waterfall',
  'in grandfather’s workshop',
  'between shipping containers',
  'on the surface of Mars',
  'in a flooded cathedral',
  'at a county fair',
  'down a narrow alley in Lisbon',
  'in a kitchen from the fifties',
  'under the northern lights',
  'beside a campfire',
  'in an empty theatre',
  'on a terraced rice paddy',
  'inside a submarine',
]

const WHEN = [
  'just before dawn',
  'during a thunderstorm',
  'on a lazy Sunday afternoon',
  'at golden hour',
  'in heavy rain',
  'in late autumn',
  'under a full moon',
  'while the streetlights flicker on',
  'on the first warm day of the year',
  'at noon, with harsh shadows',
]

const HOW = [
  'shot on 35mm film with visible grain',
  'handheld camera, shallow depth of field',
  'slow motion, 120 frames per second',
  'as a watercolour animation',
  'stop motion with clay figures',
  'drone footage circling from above',
  'in the style of a nature documentary',
  'black and white, high contrast',
  'one long tracking shot',
  'photorealistic, volumetric light',
  'like a faded home video',
  'macro lens, extreme close-up',
  'anime style, soft pastel palette',
  'time lapse over a whole day',
]

const TEMPLATES = [
  '{who} {does} {where}',
  '{who} {does} {where}, {how}',
  '{who} {does} {when}',
  '{who} {does} {where} {when}, {how}',
  '{how}: {who} {does}',
  'close-up of {who}, {when}, {how}',
  '{where}, {when}. {who} {does}. {how}',
  'I want a clip of {who} that {does} {where}',
  '{who} and {who} meet {where}',
  'make it look real: {who} {does} {when}',
  'the camera follows {who} {where} until {who} {does}',
  'wide shot, {where} {when}, nobody there but {who}',
  '{when} {who} {does} {where}; the mood is melancholic',
  'POV of {who} {where}',
  'a music video in which {who} {does}, {how}',
  '{who} {does}',
  'trailer for a film about {who} {where}',
  'no people, only {where} {when}, {how}',
  'a loop of {who} {where}, seamless',
  'birthday greeting for Sam with {who}, {how}',
]

const NEGATIVES = [
  'blurry, deformed hands',
  'watermark, text, logo',
  'low quality, jpeg artifacts',
  'extra limbs, bad anatomy',
  'cartoon',
  'flicker, camera shake',
  'people in the background',
  'oversaturated colours, lens flare',
]

const PARTS: Readonly<Record<string, readonly string[]>> = {
  who: WHO,
  does: DOES,
  where: WHERE,
  when: WHEN,
  how: HOW,
}

/** A caption as users write them. */
export function drawCaption(random: SeededRandom): string {
  const template = TEMPLATES[random.below(TEMPLATES.length)]!
  const text = template.replace(/\{(\w+)\}/g, (_, part: string) => {
    const parts = PARTS[part]!
    return parts[random.below(parts.length)]!
  })
  return random.next() < 0.4 ? text[0]!.toUpperCase() + text.slice(1) : text
}

/** What a quarter of them do not want to see; the others say nothing of that. */
export function drawNegative(random: SeededRandom): string {
  if (random.next() >= 0.25) return ''
  return NEGATIVES[random.below(NEGATIVES.length)]!
}
