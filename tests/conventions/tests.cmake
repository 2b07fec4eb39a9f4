weigh_test(conventions
  FILES conventions/key_modules_test.cpp conventions/layer_kinds_test.cpp conventions/lazy_shapes_test.cpp conventions/names_test.cpp
        conventions/rows_test.cpp conventions/transformers_test.cpp
  ROOMS conventions model bytes
  LIBRARIES weigh_conventions_document)

# Tables beside files that libraries wrote.
weigh_test(conventions_of_files
  FILES conventions/config_keys_test.cpp conventions/packed_layouts_test.cpp
  ROOMS places formats conventions analysis model wire bytes
  LIBRARIES nlohmann_json::nlohmann_json)
