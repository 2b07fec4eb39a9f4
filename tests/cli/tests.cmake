weigh_test(cli
  FILES cli/check_test.cpp cli/completions_test.cpp cli/diff_test.cpp cli/listing_test.cpp cli/manual_test.cpp cli/notes_test.cpp cli/plan_test.cpp cli/program_test.cpp cli/readme_test.cpp cli/run_test.cpp cli/terminal_test.cpp
  ROOMS cli plan places formats conventions render check compare analysis model wire bytes
  LIBRARIES nlohmann_json::nlohmann_json)
add_dependencies(test_cli weigh_program)
