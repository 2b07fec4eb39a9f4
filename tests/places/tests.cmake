weigh_test(places SHARES 2
  FILES
    places/collection_test.cpp
    places/config_keys_test.cpp
    places/directory_test.cpp
    places/pipeline_test.cpp
    places/read_meanwhile_test.cpp
    places/sharded_index_test.cpp
    places/sharded_test.cpp
  ROOMS places formats conventions analysis model wire bytes
  LIBRARIES nlohmann_json::nlohmann_json weigh_replica_kit)
