# weigh_test(formats FILES … ROOMS …)
