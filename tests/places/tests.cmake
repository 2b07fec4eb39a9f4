weigh_test(places SHARES 2
  FILES
    places/adapter_test.cpp
    places/cache_keys_test.cpp
    places/collection_test.cpp
    places/config_keys_test.cpp
    places/directory_test.cpp
    places/doubts_test.cpp
    places/hub_cache_test.cpp
    places/pipeline_test.cpp
    places/rank_files_test.cpp
    places/sentence_transformer_test.cpp
    places/read_meanwhile_test.cpp
    places/report_cases.cpp
    places/reports_test.cpp
    places/sharded_index_test.cpp
    places/sharded_test.cpp
    places/ties_test.cpp
  ROOMS render check compare places formats conventions analysis model wire bytes
  LIBRARIES nlohmann_json::nlohmann_json weigh_replica_kit)

# make truth: which share of the cases from bug reports is right.
add_executable(weigh_truth EXCLUDE_FROM_ALL places/report_cases.cpp places/truth.cpp)
target_link_libraries(weigh_truth PRIVATE weigh_render weigh_check weigh_compare weigh_places weigh_formats weigh_conventions weigh_analysis
                                          weigh_model weigh_wire weigh_bytes weigh_test_support weigh_flags weigh_fmt
                                          nlohmann_json::nlohmann_json)
