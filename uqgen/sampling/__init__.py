"""Help at sampling time: what a trained generator obtains nearer to what is asked, for more images drawn."""
