import assert from 'node:assert/strict'
import { knownFailure, reasonOf } from '../../../engine/runtime/runtime-error.js'

const ARENA =
  '/onnxruntime_src/onnxruntime/core/framework/bfc_arena.cc:360 void* onnxruntime::BFCArena::AllocateRawInternal(size_t, bool, onnxruntime::Stream*, std::function<void(int)>) '
const CUDA_CALL =
  '/onnxruntime_src/onnxruntime/core/providers/cuda/cuda_call.cc:123 std::conditional_t<THRW, void, onnxruntime::common::Status> onnxruntime::CudaCall(ERRTYPE, const char*, const char*, ERRTYPE, const char*, const char*, int) [with ERRTYPE = cudaError; bool THRW = true; std::conditional_t<THRW, void, onnxruntime::common::Status> = void] '
const WHERE =
  ' ; GPU=0 ; hostname=rig-7 ; file=/onnxruntime_src/onnxruntime/core/providers/cuda/cuda_execution_provider.cc ; line=275 ; expr=cudaSetDevice(info_.device_id);'

function running(node: string, status: string): Error {
  return new Error(
    `Non-zero status code returned while running Conv node. Name:'${node}' Status Message: ${status}\n`,
  )
}

describe('onnxruntime’s failures', () => {
  it('are out of memory wherever the message says so', () => {
    for (const depth of [1, 10, 100, 1000]) {
      const node = `/m${'/up_blocks.1/upsamplers.0'.repeat(depth)}/conv/Conv`
      const status = `${ARENA}Failed to allocate memory for requested buffer of size 14676131840`
      const failure = knownFailure(running(node, status))
      assert.equal(failure?.code, 'out_of_memory', `${depth}`)
      assert.match(failure.message, /buffer of size 14676131840$/)
      assert.ok(failure.message.length < 600)
    }
    assert.equal(knownFailure(new Error('std::bad_alloc'))?.code, 'out_of_memory')
    const cuda = new Error(`${CUDA_CALL}${CUDA_CALL}CUDA failure 2: out of memory${WHERE}`)
    assert.equal(knownFailure(cuda)?.code, 'out_of_memory')
  })

  it('say CUDA’s reason, not the place in C++ that stands before it', () => {
    const none = new Error(
      `${CUDA_CALL}${CUDA_CALL}CUDA failure 100: no CUDA-capable device is detected${WHERE}`,
    )
    assert.equal(knownFailure(none)?.code, 'gpu_missing')
    assert.match(
      knownFailure(none)!.message,
      /: CUDA failure 100: no CUDA-capable device is detected$/,
    )
    const old = new Error(
      `${CUDA_CALL}CUDA failure 35: CUDA driver version is insufficient for CUDA runtime version${WHERE}`,
    )
    assert.equal(knownFailure(old)?.code, 'driver_too_old')
    assert.match(knownFailure(old)!.hint!, /580 or newer: update it/)
    const cudnn = `${CUDA_CALL}CUDNN failure 5003: CUDNN_STATUS_EXECUTION_FAILED${WHERE}`
    assert.equal(
      reasonOf(running('/conv', cudnn)),
      "Non-zero status code returned while running Conv node. Name:'/conv' Status Message: CUDNN failure 5003: CUDNN_STATUS_EXECUTION_FAILED",
    )
  })

  it('name what has to be installed', () => {
    for (const [message, code] of [
      // As onnxruntime-node 1.30 says it, whether the provider, a library or the driver is missing.
      [
        'OrtSessionOptionsAppendExecutionProvider_Cuda: Failed to load shared library',
        'cuda_missing',
      ],
      [
        'libcublasLt.so.13: cannot open shared object file: No such file or directory',
        'cuda_missing',
      ],
      ['libcudnn.so.9: cannot open shared object file: No such file or directory', 'cudnn_missing'],
      [`${CUDA_CALL}CUDNN failure 1001: CUDNN_STATUS_NOT_INITIALIZED${WHERE}`, 'cudnn_missing'],
    ] as const) {
      assert.equal(knownFailure(new Error(message))?.code, code, message)
      assert.match(knownFailure(new Error(message))!.hint!, /npx fractal cuda install/)
    }
    // Another failure of a cuDNN that is there.
    const failed = new Error(
      `${CUDA_CALL}CUDNN failure 5003: CUDNN_STATUS_EXECUTION_FAILED${WHERE}`,
    )
    assert.equal(knownFailure(failed), null)
  })

  it('lose no words that only look like C++', () => {
    for (const [message, reason] of [
      ['OrtSessionOptionsAppendExecutionProvider_Cuda: Failed to load shared library', undefined],
      [
        '/src/model.cc:181 onnxruntime::Model::Model(onnx::ModelProto&&) Unsupported IR version: 13',
        'Unsupported IR version: 13',
      ],
      [
        '/src/a.cc:5 auto f(int)::<lambda(int&)>::operator()(int&) const Sizes differ (3 and 4).',
        'Sizes differ (3 and 4).',
      ],
      [
        '/src/a.cc:5 void onnxruntime::(anonymous namespace)::f(int) x < y was false.',
        'x < y was false.',
      ],
      [
        '/src/a.cc:5 The model (of IR 9) is older than that',
        'The model (of IR 9) is older than that',
      ],
      [
        'D:\\a\\onnx\\cuda_call.cc:121 onnxruntime::CudaCall CUDA failure 2',
        'onnxruntime::CudaCall CUDA failure 2',
      ],
      ['Load model from /models/v1.h/model.onnx failed:Protobuf parsing failed.', undefined],
      ['bad node\nStacktrace:\n0 libc.so\n', 'bad node'],
    ] as const) {
      assert.equal(reasonOf(new Error(message)), reason ?? message)
    }
  })
})
