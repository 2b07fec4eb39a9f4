weigh_test(render
  FILES render/csv_test.cpp render/explain_test.cpp render/giants_test.cpp render/given_test.cpp render/golden.cpp render/grid_test.cpp render/html_table_test.cpp render/json_test.cpp
        render/lightning_test.cpp render/markdown_test.cpp render/opened_test.cpp render/quantised_screen_test.cpp render/report_test.cpp render/run_test.cpp render/sbom_test.cpp render/schema_test.cpp render/screens_test.cpp
        render/shorten_test.cpp
        render/table_test.cpp render/text_test.cpp render/treemap_test.cpp render/units_test.cpp
  ROOMS render check compare places formats conventions analysis model wire bytes
  LIBRARIES nlohmann_json::nlohmann_json weigh_replica_kit)
