weigh_test(plan
  FILES plan/devices_test.cpp plan/optimizers_test.cpp plan/plan_test.cpp plan/real_test.cpp
  ROOMS plan places formats render check compare conventions analysis model wire bytes
  LIBRARIES weigh_replica_kit)
