// CommonJS, because Temporal's SDK loads it by `require`, in the process and in the workflows' bundle.
const { DefaultFailureConverter } = require('@temporalio/common')

/** Puts messages and stack traces where the codec encrypts them too. */
exports.failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true })
