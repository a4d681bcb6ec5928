package main

deny[msg] { msg := "x" }
