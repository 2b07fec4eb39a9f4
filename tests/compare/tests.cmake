weigh_test(compare
  FILES compare/diff_test.cpp compare/pairing_test.cpp compare/values_test.cpp
  ROOMS compare places formats analysis conventions model wire bytes)
