weigh_test(live
  FILES live/live_model_test.cpp
  ROOMS live conventions analysis model bytes)
