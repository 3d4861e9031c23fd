import type { RequestHandler, Response } from 'express'
import type { Access } from './access.js'

/** The one key id there is until keys come: everyone who reaches this API is the same caller. */
const LOCAL_KEY_ID = 'local'

/** Lets through who may call an operation of this access. */
export function requireAccess(_access: Access): RequestHandler {
  return (_req, res, next) => {
    res.locals.apiKeyId = LOCAL_KEY_ID
    next()
  }
}

/** The id of the caller's key. Handlers ask nothing else about callers. */
export function apiKeyId(res: Response): string {
  return res.locals.apiKeyId as string
}
