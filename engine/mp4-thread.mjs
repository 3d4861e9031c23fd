// A thread of its own: encoding blocks it, and the encoder's module sets handlers for uncaught errors of
// its process when it is loaded, which must not reach anybody else's. Plain JavaScript, so that it
// starts without a compiler.
import { parentPort, workerData } from 'node:worker_threads'
import encoders from 'h264-mp4-encoder'

const { width, height, fps, quantizer, frames } = workerData
const encoder = await encoders.createH264MP4Encoder()
encoder.width = width
encoder.height = height
encoder.frameRate = fps
encoder.quantizationParameter = quantizer
// The library writes no table of key frames, so that players take every frame for one: then each must be.
encoder.groupOfPictures = 1
encoder.initialize()
const rgba = new Uint8Array(width * height * 4)
for (const rgb of frames) {
  for (let i = 0, j = 0; i < rgb.length; i += 3, j += 4) {
    rgba[j] = rgb[i]
    rgba[j + 1] = rgb[i + 1]
    rgba[j + 2] = rgb[i + 2]
  }
  encoder.addFrameRgba(rgba)
}
encoder.finalize()
parentPort.postMessage(encoder.FS.readFile(encoder.outputFilename))
