// In published copies `evidence publish` puts a loader of the list of versions here.
