weigh_test(wire
  FILES wire/json_test.cpp wire/pickle_bomb_test.cpp wire/pickle_malformed_test.cpp wire/pickle_opcodes_test.cpp
        wire/pickle_python_test.cpp wire/protobuf_test.cpp wire/zip_malformed_test.cpp wire/zip_test.cpp
        wire/flatbuffer_test.cpp wire/sstable_test.cpp
  ROOMS wire bytes
  LIBRARIES ZLIB::ZLIB simdjson::simdjson)
