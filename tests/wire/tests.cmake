weigh_test(wire
  FILES wire/flatbuffer_test.cpp wire/hdf5_malformed_test.cpp wire/hdf5_test.cpp wire/json_test.cpp wire/msgpack_test.cpp wire/ocdbt_test.cpp
        wire/pickle_bomb_test.cpp wire/pickle_malformed_test.cpp wire/pickle_opcodes_test.cpp
        wire/pickle_python_test.cpp wire/plain_json_test.cpp wire/protobuf_test.cpp wire/sstable_test.cpp wire/zip_malformed_test.cpp
        wire/zip_test.cpp
  ROOMS wire bytes
  LIBRARIES ZLIB::ZLIB simdjson::simdjson nlohmann_json::nlohmann_json)
