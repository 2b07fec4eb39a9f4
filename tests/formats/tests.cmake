weigh_test(formats
  FILES formats/expected_test.cpp
  ROOMS formats analysis model wire bytes
  LIBRARIES nlohmann_json::nlohmann_json)
