package lddynamodb

import (
	"context"
	"errors"

	"github.com/launchdarkly/go-sdk-common/v3/ldlog"
	"github.com/launchdarkly/go-sdk-common/v3/ldtime"
	"github.com/launchdarkly/go-server-sdk/v7/subsystems"
	"github.com/launchdarkly/go-server-sdk/v7/subsystems/ldstoreimpl"

	"github.com/launchdarkly/go-server-sdk-dynamodb/v4/lddynamostore"
)

// bigSegmentStore is the SDK's Big Segments interface over one store.
type bigSegmentStore struct {
	store    *lddynamostore.Store
	loggers  ldlog.Loggers
	failures repeatedFailures
}

func newBigSegmentStore(options *builderOptions, loggers ldlog.Loggers) (subsystems.BigSegmentStore, error) {
	loggers.SetPrefix("DynamoDBBigSegmentStore:")
	store, err := options.open(loggers)
	if err != nil {
		return nil, err
	}
	return &bigSegmentStore{store: store, loggers: loggers}, nil
}

func (s *bigSegmentStore) GetMetadata() (subsystems.BigSegmentStoreMetadata, error) {
	metadata, err := s.store.BigSegmentsMetadata(context.Background())
	if err = s.withoutCorrupt(err); err != nil || metadata == nil || metadata.SynchronizedOn < 0 {
		return subsystems.BigSegmentStoreMetadata{}, err
	}
	return subsystems.BigSegmentStoreMetadata{LastUpToDate: ldtime.UnixMillisecondTime(metadata.SynchronizedOn)}, nil
}

func (s *bigSegmentStore) GetMembership(contextHash string) (subsystems.BigSegmentMembership, error) {
	membership, err := s.store.BigSegmentsMembership(context.Background(), contextHash)
	if err = s.withoutCorrupt(err); err != nil {
		return nil, err
	}
	var included, excluded []string
	for segment, isIncluded := range membership {
		if isIncluded {
			included = append(included, segment)
		} else {
			excluded = append(excluded, segment)
		}
	}
	return ldstoreimpl.NewBigSegmentMembershipFromSegmentRefs(included, excluded), nil
}

func (s *bigSegmentStore) withoutCorrupt(err error) error {
	if errors.Is(err, lddynamostore.ErrCorruptItem) {
		s.failures.log(err.Error(), s.loggers.Error)
		return nil
	}
	return err
}

func (s *bigSegmentStore) Close() error { return s.store.Close() }
