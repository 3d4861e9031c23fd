import type { RequestHandler, Response } from 'express'

/** The one key id there is until keys come: everyone who reaches this API is the same caller. */
const LOCAL_KEY_ID = 'local'

/** Says who calls. Handlers only ever ask `apiKeyId(res)`, so that real keys change this file alone. */
export const identifyCaller: RequestHandler = (_req, res, next) => {
  res.locals.apiKeyId = LOCAL_KEY_ID
  next()
}

export function apiKeyId(res: Response): string {
  return res.locals.apiKeyId as string
}
