import { type DrawSource, drawInteger } from '../../formats/draws.js'

/*
 * The grammar of the embedded model's captions (engine/models, train/t2v_data.py), as data: an entry that is
 * listed several times is drawn that much more often. Challenges and the demo's users draw from the same
 * grammar, so that a prompt does not tell them apart.
 */

const COLOURS = ['red', 'green', 'blue', 'yellow', 'orange', 'purple', 'pink', 'white']
const BACKGROUNDS = ['black', 'white', 'gray', 'blue', 'green', 'red', 'yellow', 'purple']
const SHAPES = ['circle', 'square', 'triangle', 'star', 'ring', 'heart', 'cross'] as const
const MOTIONS = [
  'right',
  'left',
  'up',
  'down',
  'rotate',
  'grow',
  'bounce',
  'stay',
  'shrink',
] as const
const SIZES = ['small', 'medium', 'medium', 'large'] as const

type Shape = (typeof SHAPES)[number]
type Motion = (typeof MOTIONS)[number]
type Size = (typeof SIZES)[number]

const SHAPE_WORDS: Record<Shape, string[]> = {
  circle: ['circle', 'circle', 'circle', 'circle', 'ball', 'ball', 'disc', 'dot'],
  square: ['square', 'square', 'square', 'square', 'square', 'box', 'block'],
  triangle: ['triangle'],
  star: ['star'],
  ring: ['ring', 'ring', 'ring', 'ring', 'donut'],
  heart: ['heart'],
  cross: ['cross', 'cross', 'cross', 'cross', 'plus'],
}

const SIZE_WORDS: Record<Size, string[]> = {
  small: ['small', 'small', 'tiny', 'little'],
  medium: [''],
  large: ['large', 'large', 'big', 'huge'],
}

const MOVE = 'moves moves moves moving goes flies slides travels drifts floats'.split(' ')

const MOTION_WORDS: Record<Motion, string[]> = {
  right: [
    '{m} right',
    '{m} right',
    '{m} to the right',
    '{m} from left to right',
    'moving right',
    'moving to the right',
  ],
  left: [
    '{m} left',
    '{m} left',
    '{m} to the left',
    '{m} from right to left',
    'moving left',
    'moving to the left',
  ],
  up: ['{m} up', '{m} up', '{m} upwards', 'rises', 'rising', 'moving up', 'moving to the top'],
  down: [
    '{m} down',
    '{m} down',
    '{m} downwards',
    'falls',
    'falling',
    'falls down',
    'moving down',
    'moving to the bottom',
  ],
  rotate: ['rotates', 'rotates', 'spins', 'rotating', 'spinning', 'turns', 'turning around'],
  grow: ['grows', 'grows', 'gets bigger', 'growing', 'expands', 'getting larger'],
  shrink: ['shrinks', 'shrinks', 'gets smaller', 'shrinking', 'getting smaller'],
  bounce: ['bounces', 'bounces', 'bouncing', 'jumps', 'bounces up and down', 'jumping'],
  stay: ['stays', 'stays still', '', '', 'stands still', 'does not move', 'is still'],
}

const BACKGROUND_WORDS = [
  'on a {b} background',
  'on a {b} background',
  'on a {b} background',
  'on {b}',
  'over a {b} background',
  'over {b}',
  'in front of a {b} background',
  'against a {b} background',
  'with a {b} background',
  '{b} background',
]

const SCENE_WORDS = {
  night: [
    'on a night sky with stars',
    'in a night sky with stars',
    'in the night sky',
    'at night',
    'over a starry sky',
    'in space',
    'on a starry night background',
    'under the stars',
  ],
  sunset: [
    'on a gradient background',
    'at sunset',
    'on a sunset background',
    'over a sunset sky',
    'on a gradient',
    'in front of a sunset',
  ],
}

/** Colours that the model was never shown at sunset. */
const NOT_AT_SUNSET = new Set(['orange', 'purple', 'pink', 'red'])

const NEGATIVE_PROMPTS = [
  'blurry',
  'blurry, low quality',
  'low quality',
  'text, watermark',
  'white background',
  'two shapes',
]

/** Frequencies of wordings, in thousandths. */
const TWO_OBJECTS = 120
const SCENE = 200
const ARTICLE = 800
const UNNAMED_BLACK = 350
const CAPITAL = 100
const VIDEO_OF = 50
const FULL_STOP = 30

/** A natural prompt of the embedded model, such as "a small red ball rises over blue". */
export function drawPrompt(source: DrawSource, label: string): string {
  const draw = drawer(source, label)
  const two = draw.chance('two', TWO_OBJECTS)
  const motion = draw.pick(
    'motion',
    MOTIONS.filter((m) => !two || m !== 'shrink'),
  )
  const scene = draw.chance('scene', SCENE)
    ? draw.pick('which', ['night', 'sunset'] as const)
    : null
  const colours = COLOURS.filter((c) => scene !== 'sunset' || !NOT_AT_SUNSET.has(c))
  const article = draw.chance('article', ARTICLE)
  const objects = (two ? ['first', 'second'] : ['first']).map((name) => {
    const shapes = SHAPES.filter((s) => motion !== 'rotate' || (s !== 'circle' && s !== 'ring'))
    const size = two ? '' : draw.pick(`${name}/bulk`, SIZE_WORDS[draw.pick(`${name}/size`, SIZES)])
    const colour = draw.pick(`${name}/colour`, colours)
    const shape = draw.pick(`${name}/word`, SHAPE_WORDS[draw.pick(`${name}/shape`, shapes)])
    const noun = [size, colour, shape].filter((word) => word !== '').join(' ')
    return { colour, noun: article ? withArticle(noun) : noun }
  })
  const moves = draw.pick('moves', MOTION_WORDS[motion]).replace('{m}', draw.pick('verb', MOVE))
  const used = objects.map((object) => object.colour)
  const place = scene === null ? drawBackground(draw, used) : draw.pick('place', SCENE_WORDS[scene])
  const subject = objects.map((object) => object.noun).join(' and ')
  return dress(draw, [subject, moves], place)
}

/** A negative prompt that a user might write. */
export function drawNegativePrompt(source: DrawSource, label: string): string {
  return drawer(source, label).pick('negative', NEGATIVE_PROMPTS)
}

interface Drawer {
  pick<T>(name: string, items: readonly T[]): T
  /** True with a probability of `permille` / 1000. */
  chance(name: string, permille: number): boolean
}

function drawer(source: DrawSource, label: string): Drawer {
  return {
    pick: (name, items) => items[drawInteger(source, `${label}/${name}`, items.length)]!,
    chance: (name, permille) => drawInteger(source, `${label}/${name}`, 1000) < permille,
  }
}

/** Never in the colour of an object, which would be invisible; black is often left unsaid. */
function drawBackground(draw: Drawer, used: readonly string[]): string {
  const colour = draw.pick(
    'background',
    BACKGROUNDS.filter((b) => !used.includes(b)),
  )
  if (colour === 'black' && draw.chance('unnamed', UNNAMED_BLACK)) return ''
  return draw.pick('place', BACKGROUND_WORDS).replace('{b}', colour)
}

function withArticle(noun: string): string {
  return `${/^[aeiou]/.test(noun) ? 'an' : 'a'} ${noun}`
}

function dress(draw: Drawer, words: readonly string[], place: string): string {
  const said = words.filter((word) => word !== '').join(' ')
  const loose = place.endsWith('background') && !/^(on|over|in|with|against) /.test(place)
  const sentence = place === '' ? said : `${said}${loose ? ', ' : ' '}${place}`
  const ending = draw.chance('stop', FULL_STOP) ? `${sentence}.` : sentence
  const whole = draw.chance('video', VIDEO_OF) ? `a video of ${ending}` : ending
  return draw.chance('capital', CAPITAL) ? whole[0]!.toUpperCase() + whole.slice(1) : whole
}
