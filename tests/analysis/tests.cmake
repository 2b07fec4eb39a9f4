weigh_test(analysis
  FILES analysis/experts_test.cpp analysis/fold_test.cpp analysis/glob_test.cpp analysis/nearest_test.cpp analysis/own_statistics_test.cpp analysis/packed_solver_test.cpp analysis/parts_test.cpp analysis/pattern_test.cpp analysis/quantized_test.cpp analysis/rows_test.cpp analysis/select_test.cpp analysis/sizes_test.cpp
        analysis/tally_test.cpp analysis/token_cache_test.cpp analysis/unexplained_test.cpp
  ROOMS places formats analysis conventions model wire bytes)
