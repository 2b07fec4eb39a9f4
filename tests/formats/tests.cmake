weigh_test(formats SHARES 6
  FILES
    formats/common/copies_test.cpp
    formats/common/unknown_test.cpp
    formats/dcp/format_test.cpp
    formats/deepspeed/format_test.cpp
    formats/expected_test.cpp
    formats/flax/format_test.cpp
    formats/gguf/cache_test.cpp
    formats/gguf/format_test.cpp
    formats/giants_test.cpp
    formats/keras/format_test.cpp
    formats/keras/malformed_test.cpp
    formats/keras/shards_test.cpp
    formats/megatron/format_test.cpp
    formats/npz/format_test.cpp
    formats/onnx/external_test.cpp
    formats/onnx/format_test.cpp
    formats/onnx/malformed_test.cpp
    formats/orbax/format_test.cpp
    formats/pt2/format_test.cpp
    formats/pytorch/archive_test.cpp
    formats/pytorch/danger_test.cpp
    formats/pytorch/lazy_test.cpp
    formats/pytorch/sections_test.cpp
    formats/pytorch/sharded_tensor_test.cpp
    formats/pytorch/tensors_test.cpp
    formats/quantized_test.cpp
    formats/robustness_test.cpp
    formats/safetensors/format_test.cpp
    formats/safetensors/regular_test.cpp
    formats/tensorflow/format_test.cpp
    formats/tensorflow/malformed_test.cpp
    formats/tflite/format_test.cpp
    formats/torchscript/format_test.cpp
    formats/weights_test.cpp
  ROOMS places formats conventions analysis model wire bytes
  LIBRARIES nlohmann_json::nlohmann_json weigh_replica_kit)
