/** The model of the sample videos: the bundled one. */
export const SAMPLES_MODEL = 'fractal-shapes-1'
