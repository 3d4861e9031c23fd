/** Whose videos the samples are: the model that is shipped. */
export const SAMPLES_MODEL = 'fractal-shapes-1'
