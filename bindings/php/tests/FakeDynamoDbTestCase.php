<?php

declare(strict_types=1);

namespace LdDynamoStore\Tests;

use PHPUnit\Framework\TestCase;

/** A test class with a scripted endpoint of its own, which each test finds empty, and a log. */
abstract class FakeDynamoDbTestCase extends TestCase
{
    protected static FakeDynamoDb $engine;
    protected Log $log;

    public static function setUpBeforeClass(): void
    {
        self::$engine = new FakeDynamoDb();
    }

    public static function tearDownAfterClass(): void
    {
        self::$engine->stop();
    }

    protected function setUp(): void
    {
        self::$engine->reset();
        $this->log = new Log();
    }
}
