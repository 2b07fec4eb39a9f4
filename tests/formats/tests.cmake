weigh_test(formats
  FILES
    formats/collection_test.cpp
    formats/config_keys_test.cpp
    formats/dcp_test.cpp
    formats/deepspeed_test.cpp
    formats/diffusers_test.cpp
    formats/directory_test.cpp
    formats/expected_test.cpp
    formats/giants_test.cpp
    formats/gguf_test.cpp
    formats/megatron_test.cpp
    formats/robustness_test.cpp
    formats/safetensors_test.cpp
    formats/sharded_test.cpp
    formats/pt2_test.cpp
    formats/torchscript_test.cpp
    formats/unknown_test.cpp
    formats/weights_test.cpp
    formats/pytorch/archive_test.cpp
    formats/pytorch/danger_test.cpp
    formats/pytorch/lazy_test.cpp
    formats/pytorch/sections_test.cpp
    formats/pytorch/tensors_test.cpp
  ROOMS formats analysis model wire bytes
  LIBRARIES nlohmann_json::nlohmann_json weigh_replica_kit)
