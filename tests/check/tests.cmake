weigh_test(check
  FILES check/policy_file_test.cpp check/rules_test.cpp
  ROOMS check compare places formats analysis conventions model wire bytes)
