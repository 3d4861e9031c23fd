import { z } from 'zod'
import { LOG_LEVELS } from '../../log.js'
import { option, text } from '../define-option.js'

/** Options of every process. */
export const PROCESS = {
  'logging.level': option(z.enum(LOG_LEVELS), 'info', LOG_LEVELS.join(', ')),
  'state.dir': option(text, '.fractal', 'folder for this process’s state'),
}
